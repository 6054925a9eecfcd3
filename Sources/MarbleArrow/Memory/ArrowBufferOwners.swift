/// Keeps the memory of an array's buffers alive where they don't share it.
final class ArrowBufferOwners: @unchecked Sendable {
    // Unchecked: owners are of any class, but nothing of them is used.
    private let owners: (AnyObject?, AnyObject?, AnyObject?)

    private init(_ first: AnyObject?, _ second: AnyObject?, _ third: AnyObject?) {
        owners = (first, second, third)
    }

    /// One object that keeps all three alive; nil if none needs it.
    static func owner(
        of first: ArrowBuffer, _ second: ArrowBuffer, _ third: ArrowBuffer
    ) -> AnyObject? {
        var only: AnyObject?
        for case let owner? in [first.owner, second.owner, third.owner] where owner !== only {
            guard only == nil else {
                return ArrowBufferOwners(first.owner, second.owner, third.owner)
            }
            only = owner
        }
        return only
    }
}
