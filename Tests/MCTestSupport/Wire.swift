/// The bytes of ZMTP 3.1 (RFC 37), written out by hand: what raw peers send must not depend on the
/// code under test.
package enum Wire {
    package static func greeting(
        mechanism: String = "NULL", major: UInt8 = 3, minor: UInt8 = 1
    ) -> [UInt8] {
        var bytes: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, major, minor]
        bytes += Array(mechanism.utf8.prefix(20))
        bytes += [UInt8](repeating: 0, count: 64 - bytes.count)
        return bytes
    }

    package static func ready(_ type: String, identity: [UInt8]? = nil) -> [UInt8] {
        var body = property("Socket-Type", Array(type.utf8))
        if let identity { body += property("Identity", identity) }
        return command("READY", body)
    }

    package static func property(_ name: String, _ value: [UInt8]) -> [UInt8] {
        [UInt8(name.utf8.count)] + Array(name.utf8) + bigEndian(UInt64(value.count), bytes: 4)
            + value
    }

    package static func command(_ name: String, _ data: [UInt8] = []) -> [UInt8] {
        frame([UInt8(name.utf8.count)] + Array(name.utf8) + data, flags: 4)
    }

    package static func frame(_ body: [UInt8], more: Bool = false, flags: UInt8 = 0) -> [UInt8] {
        header(UInt64(body.count), more: more, flags: flags) + body
    }

    package static func header(_ count: UInt64, more: Bool = false, flags: UInt8 = 0) -> [UInt8] {
        let flags = flags | (more ? 1 : 0)
        if count < 256 { return [flags, UInt8(count)] }
        return [flags | 2] + bigEndian(count, bytes: 8)
    }

    package static func message(_ frames: [[UInt8]]) -> [UInt8] {
        frames.enumerated().flatMap { frame($1, more: $0 + 1 < frames.count) }
    }

    package static func bigEndian(_ value: UInt64, bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * (bytes - 1 - $0))) }
    }

    /// The type that a peer of `type` has.
    package static func partner(of type: String) -> String {
        switch type {
        case "PULL": "PUSH"
        case "PUSH": "PULL"
        case "SUB", "XSUB": "PUB"
        case "PUB", "XPUB": "SUB"
        case "REP": "REQ"
        case "REQ": "REP"
        case "PAIR": "PAIR"
        case "ROUTER": "DEALER"
        default: "ROUTER"
        }
    }
}
