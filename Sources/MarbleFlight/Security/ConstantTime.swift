/// Comparisons whose time says nothing about where two secrets differ.
package enum ConstantTime {
    package static func equal(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>)
        -> Bool
    {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for (a, b) in zip(left, right) { difference |= a ^ b }
        return difference == 0
    }

    package static func equal(_ left: String, _ right: String) -> Bool {
        equal(left.utf8, right.utf8)
    }
}
