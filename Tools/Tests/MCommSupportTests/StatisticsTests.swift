import MCommSupport
import Testing

@Suite struct `Statistics` {
    @Test func `quantiles are measured values`() {
        let quantiles = Quantiles((1...100).reversed().map { UInt64($0) })
        #expect(quantiles(0.5) == 50)
        #expect(quantiles(0.99) == 99)
        #expect(quantiles(1) == 100)
        #expect(quantiles(0) == 1)
        #expect(Quantiles([7])(0.99) == 7)
        #expect(Quantiles([])(0.5) == nil)
    }

    @Test func `one changed byte always changes the digest`() {
        for count in [1, 7, 8, 9, 64, 100] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let digest = value(bytes)
            for index in bytes.indices {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[index] ^= 1 << bit
                    #expect(value(changed) != digest)
                }
            }
            #expect(value(bytes + [0]) != digest)
            #expect(value(bytes.dropLast() + []) != digest)
        }
    }

    private func value(_ bytes: [UInt8]) -> UInt64 {
        var digest = Digest()
        unsafe digest.combine(bytes.span.bytes)
        return digest.value
    }
}
