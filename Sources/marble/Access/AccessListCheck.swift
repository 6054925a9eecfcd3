import MarbleAuth
import MarbleFlight
import MarbleServer

/// Lines are checked before they are given out, as nodes will.
enum AccessListCheck {
    static func check(_ line: String) throws(ServerError) {
        do {
            try AccessListText.check(line)
        } catch {
            throw ServerError(.configuration, error.message, cause: error)
        }
    }
}
