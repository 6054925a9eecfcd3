import ArgumentParser

/// A server as it is named on the command line.
struct ServerAddress: ExpressibleByArgument, Sendable {
    let host: String
    let port: Int

    /// Reads `HOST:PORT`; an IPv6 address may stand in brackets.
    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = Int(argument[argument.index(after: colon)...]), (1...65535).contains(port)
        else { return nil }
        var host = argument[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }
}

/// Servers of one cluster, separated by commas.
struct ServerAddressList: ExpressibleByArgument, Sendable {
    let addresses: [ServerAddress]

    init?(argument: String) {
        var addresses: [ServerAddress] = []
        for text in argument.split(separator: ",") {
            guard let address = ServerAddress(argument: String(text)) else { return nil }
            addresses.append(address)
        }
        guard !addresses.isEmpty else { return nil }
        self.addresses = addresses
    }
}
