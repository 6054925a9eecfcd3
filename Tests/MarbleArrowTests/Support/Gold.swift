import Foundation

/// The streams in `Gold`.
enum Gold {
    /// Copies the streams of the versions that are asked for, named after version and stream, and
    /// returns how many there are.
    static func copy(to directory: URL, _ isWanted: (_ version: String) -> Bool) throws -> Int {
        let gold = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Gold")
        var count = 0
        for version in try FileManager.default.contentsOfDirectory(atPath: gold.path)
        where version != "README.md" && isWanted(version) {
            let folder = gold.appending(path: version)
            for stream in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                let name = stream.replacing(".stream", with: ".arrows")
                try FileManager.default.copyItem(
                    at: folder.appending(path: stream),
                    to: directory.appending(path: "\(version) \(name)"))
                count += 1
            }
        }
        return count
    }
}
