import Testing

@testable import MarbleArrow

@Suite struct ArrowBufferTests {
    private final class Owner {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 8)
        let freed: () -> Void

        init(freed: @escaping () -> Void) {
            self.freed = freed
            for index in 0..<32 { bytes[index] = UInt8(index) }
        }

        deinit {
            bytes.deallocate()
            freed()
        }
    }

    @Test func `a slice keeps the owner alive, and nothing longer`() {
        var isFreed = false
        do {
            var slice = ArrowBuffer.empty
            do {
                let owner = Owner { isFreed = true }
                let whole = ArrowBuffer(
                    owner: owner, bytes: UnsafeRawBufferPointer(owner.bytes))
                slice = whole.slice(offset: 3, count: 4)
            }
            #expect(!isFreed)
            #expect(slice.bytes == [3, 4, 5, 6])
            slice = .empty
        }
        #expect(isFreed)
    }

    @Test func `numbers are read little-endian from any address`() {
        let buffer = ArrowBuffer([9, 1, 2, 3, 4, 5, 6, 7, 8]).slice(offset: 1, count: 8)
        #expect(buffer.load(UInt64.self, at: 0) == 0x0807_0605_0403_0201)
        #expect(buffer.load(Int16.self, at: 3) == 0x0807)
        #expect(buffer[0] == 1)
    }

    @Test func `buffers of the same bytes are equal wherever they lie`() {
        #expect(ArrowBuffer([1, 2, 3]) == ArrowBuffer([0, 1, 2, 3]).slice(offset: 1, count: 3))
        #expect(ArrowBuffer([1, 2, 3]) != ArrowBuffer([1, 2, 4]))
        #expect(ArrowBuffer([]) == .empty)
    }

    @Test func `a slice outside of the buffer traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = ArrowBuffer([1, 2, 3]).slice(offset: 2, count: Int.max)
        }
    }
}
