import MarbleFlight
import Testing

@testable import MarbleAuth

struct AccessListTests {
    private func refusal(_ text: String) -> String? {
        do throws(FlightError) {
            _ = try AccessList(text, path: "list")
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: [
        ("token a reader", "a line is"), ("king a reader sha256:00", "\"king\" is none of"),
        (
            "token a king sha256:00",
            "there is no role \"king\"; there are reader, writer, admin, peer"
        ),
        ("token a reader sha256:00", "64 hexadecimal digits"),
        ("token a reader md5:00", "64 hexadecimal digits"),
        ("user a reader secret", "isn't a hash of marble password"),
        ("user a reader scrypt:30:8:1:AAAAAAAAAAAAAAAA:AAAA", "isn't a hash of marble password"),
        ("certificate a reader node", "isn't dns:NAME"),
        ("certificate a reader dns:", "isn't dns:"),
        (
            "certificate a peer dns:x\ncertificate b peer dns:X",
            "list, line 2: dns:X is there twice"
        ),
    ])
    func `a line that makes no sense is named`(text: String, reason: String) {
        let message = refusal(text)
        #expect(message?.hasPrefix("list, line ") == true)
        #expect(message?.contains(reason) == true, "\(message ?? "none")")
    }

    @Test func `an option of a token that isn't one is named`() {
        let hash = TokenHash(of: "x").text
        for option in ["expires=soon", "expires=2030-13-01", "until=2030-01-01"] {
            #expect(refusal("token a reader \(hash) \(option)")?.contains(option) == true)
        }
        #expect(
            refusal("token a reader \(hash)\ntoken b reader \(hash)")?.contains("twice") == true)
    }

    @Test func `comments, empty lines and spaces don't count`() throws {
        let hash = TokenHash(of: "x").text
        let list = try AccessList("\n# all\n\n   token\ta   reader  \(hash)  \n#\n", path: "list")
        #expect(list.token(TokenHash(of: "x"))?.name == "a")
        #expect(list.token(TokenHash(of: "y")) == nil)
    }

    @Test func `a password's hash is salted, and says what it was made with`() throws {
        let hash = try PasswordHash(of: "secret")
        #expect(hash.text.hasPrefix("scrypt:14:8:1:"))
        #expect(try PasswordHash(of: "secret") != hash)
        let read = try #require(PasswordHash(hash.text))
        #expect(read.matches("secret"))
        #expect(!read.matches("Secret"))
    }

    @Test func `scrypt is the one of RFC 7914`() throws {
        // The third test vector of section 12; the first 32 of its bytes don't depend on how many follow.
        let hash = PasswordHash(
            "scrypt:14:8:1:U29kaXVtQ2hsb3JpZGU:cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI")
        #expect(hash?.matches("pleaseletmein") == true)
    }
}
