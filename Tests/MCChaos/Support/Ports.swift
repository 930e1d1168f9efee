import MCLock
import MCTestSupport

/// TCP ports of this host that nobody listens at, below those that the kernel gives away.
final class Ports: Sendable {
    private static let range = 15_000..<32_000

    private let last: Locked<Int>

    init() {
        // Not from the seed: other runs may be at it in this moment.
        var system = SystemRandomNumberGenerator()
        last = Locked(Int.random(in: Ports.range, using: &system))
    }

    func next() throws -> Int {
        for _ in 0..<Ports.range.count {
            let port = last.withLock { last in
                last = last + 1 < Ports.range.upperBound ? last + 1 : Ports.range.lowerBound
                return last
            }
            if let socket = try? RawSocket.listen(port: UInt16(port)) {
                socket.close()
                return port
            }
        }
        throw Failure("no port is free")
    }
}
