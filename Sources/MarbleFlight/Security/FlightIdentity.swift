public import NIOCore

/// Who makes a call, as a ``FlightAuthenticator`` has found out.
public struct FlightIdentity: Sendable, Hashable {
    /// A name for logs and messages.
    public var name: String
    /// What the caller may do.
    public var role: FlightRole
    /// When the credentials end that said so; calls that begin later need others.
    public var validUntil: NIODeadline?

    /// Makes an identity.
    public init(name: String, role: FlightRole, validUntil: NIODeadline? = nil) {
        self.name = name
        self.role = role
        self.validUntil = validUntil
    }

    /// - Throws: `PERMISSION_DENIED` that says which role is needed, unless this one has it.
    public func require(_ role: FlightRole, for what: String) throws(FlightError) {
        guard self.role < role else { return }
        throw FlightError(
            .permissionDenied,
            "\(name) has the role \(self.role.rawValue), and \(what) needs the role"
                + " \(role.rawValue): use other credentials, or have the role changed")
    }
}
