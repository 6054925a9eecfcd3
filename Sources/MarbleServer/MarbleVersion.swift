/// The version of the database that this code is, as `marble --version` and `status` say it.
public enum MarbleVersion {
    public static let current = "0.1.0"
}
