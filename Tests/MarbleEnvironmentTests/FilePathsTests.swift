import MarbleEnvironment
import Testing

@Suite("Paths")
struct FilePathsTests {
    @Test(
        "the parent and the name make up the path",
        arguments: [
            ("/a/b", "/a", "b"), ("/a", "/", "a"), ("a", ".", "a"), ("a/b/", "a", "b"),
            ("/a//./b", "/a", "b"),
        ])
    func parts(_ path: String, _ parent: String, _ name: String) {
        #expect(FilePaths.parent(of: path) == parent)
        #expect(FilePaths.name(of: path) == name)
        #expect(
            FilePaths.normalized(FilePaths.join(parent, name)) == FilePaths.normalized(path))
    }
}
