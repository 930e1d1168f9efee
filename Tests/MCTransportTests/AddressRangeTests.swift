import MCTestSupport
import MCTransport
import Testing

@Suite struct AddressRangeTests {
    private func address(_ text: String) throws -> [UInt8] {
        try #require(try Endpoint("tcp://\(text):1").hostPort?.addressBytes)
    }

    @Test(arguments: [
        ("127.0.0.1", ["127.0.0.1", "[::ffff:127.0.0.1]"], ["127.0.0.2", "[::1]"]),
        ("127.0.0.1/32", ["127.0.0.1"], ["127.0.0.0", "127.0.0.3"]),
        ("10.1.2.3/8", ["10.0.0.0", "10.255.255.255"], ["11.1.2.3", "9.1.2.3", "[a01::]"]),
        ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127"]),
        ("192.0.2.8/31", ["192.0.2.8", "192.0.2.9"], ["192.0.2.10", "192.0.2.7"]),
        ("128.0.0.0/1", ["255.0.0.0", "128.0.0.1"], ["127.0.0.1"]),
        ("0.0.0.0/0", ["1.2.3.4", "255.255.255.255", "[::ffff:1.2.3.4]"], ["[::1]"]),
        ("::1", ["[::1]"], ["[::2]", "0.0.0.1"]),
        ("::1/128", ["[::1]"], ["[::]"]),
        ("fe80::/10", ["[fe80::1]", "[febf::1]"], ["[fec0::1]", "254.128.0.1"]),
        ("2001:db8::/33", ["[2001:db8:7fff::]"], ["[2001:db8:8000::]"]),
        ("::/0", ["[::1]", "[ffff::]", "[::ffff:1.2.3.4]"], ["1.2.3.4"]),
        ("::ffff:10.0.0.0/104", ["[::ffff:10.1.2.3]"], ["[::ffff:11.1.2.3]"]),
    ])
    func `A range holds what begins alike`(
        _ text: String, _ inside: [String], _ outside: [String]
    ) throws {
        let range = try AddressRange(text)
        #expect(range.description == text)
        for number in inside { #expect(range.contains(try address(number)), "\(number)") }
        for number in outside { #expect(!range.contains(try address(number)), "\(number)") }
        #expect(!range.contains([]) && !range.contains([127, 0, 0]))
    }

    @Test(arguments: [
        "", "/", "foo", "0.0.0.0foo", "0.0.0.0/foo", "0.0.0.0/", "0.0.0.0/-1", "0.0.0.0/+1",
        "0.0.0.0/33", "0.0.0.0/1/2", "0.0.0.0/ 1", " 0.0.0.0", "1.2.3", "1.2.3.4.5", "256.0.0.0",
        "localhost", "lo", "*", "::1/129", "::1/", "[::1]", "fe80::1%lo", "::1\0",
        "0.0.0.0/99999999999999999999",
    ])
    func `What is no range is refused by name`(_ text: String) {
        #expect {
            try AddressRange(text)
        } throws: { error in
            guard let error = error as? TransportError else { return false }
            return error.code == .invalidAddressRange
                && error.message.contains(text.debugDescription)
        }
    }

    @Test func `Random texts never trap`() {
        var random = SeededGenerator(seed: 99)
        let alphabet = Array("0123456789abcdef:./%[]x".utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...24, using: &random)
            let text = String(
                decoding: (0..<count).compactMap { _ in alphabet.randomElement(using: &random) },
                as: UTF8.self)
            guard let range = try? AddressRange(text) else { continue }
            _ = range.contains([1, 2, 3, 4])
        }
    }
}
