import Glibc
import MCFacade
import MCTestSupport
import MCTransport
import MCTransportUDP
import Testing

extension FacadeTests {
    /// RADIO, DISH and DGRAM over datagrams.
    @Suite struct Datagrams {
        @Test func radioToDish() throws {
            try withContext { context in
                let dish = try DishSocket(context: context, options: .test)
                let endpoint = try dish.bind("udp://127.0.0.1:*")
                #expect(endpoint.hasPrefix("udp://127.0.0.1:"))
                #expect(dish.lastEndpoint == endpoint)
                let radio = try RadioSocket(context: context, options: .test)
                try radio.connect(endpoint)
                try dish.join("TV")
                try radio.send("Godfather", group: "Movies")
                try radio.send("Friends", group: "TV")
                #expect(try dish.parts() == [bytes("TV"), bytes("Friends")])
                try radio.send("", group: "TV")
                #expect(try dish.parts() == [bytes("TV"), []])
                let long = String(repeating: "g", count: 255)
                try dish.join(long)
                try radio.send("x", group: long)
                #expect(try dish.parts() == [bytes(long), bytes("x")])
                // Too long for a datagram: lost, and nothing else happens.
                try radio.send([UInt8](repeating: 1, count: 70_000), group: "TV")
                try radio.send([UInt8](repeating: 2, count: 60_000), group: "TV")
                #expect(try dish.parts().last == [UInt8](repeating: 2, count: 60_000))
            }
        }

        /// One RADIO with peers of both kinds.
        @Test func datagramsAndStreams() throws {
            try withContext { context in
                let far = try DishSocket(context: context, options: .test)
                let near = try DishSocket(context: context, options: .test)
                let radio = try RadioSocket(context: context, options: .test)
                try radio.connect(try far.bind("udp://127.0.0.1:*"))
                try near.connect(try radio.bind(Way.tcp.fresh))
                try far.join("x")
                try near.join("x")
                try #require(
                    try eventually {
                        try radio.send("?", group: "x")
                        return try near.tryReceive() != nil
                    })
                #expect(try far.parts() == [bytes("x"), bytes("?")])
            }
        }

        @Test func whatDatagramsAreNotFor() throws {
            try withContext { context in
                let radio = try RadioSocket(context: context, options: .test)
                let dish = try DishSocket(context: context, options: .test)
                let dgram = try DatagramSocket(context: context, options: .test)
                let push = try PushSocket(context: context, options: .test)
                #expect(code { try radio.bind("udp://*:*") } == .incompatibleTransport)
                #expect(code { try dish.connect("udp://127.0.0.1:5") } == .incompatibleTransport)
                #expect(code { try dgram.connect("udp://127.0.0.1:5") } == .incompatibleTransport)
                #expect(code { try push.connect("udp://127.0.0.1:5") } == .incompatibleTransport)
                #expect(code { try push.bind("udp://127.0.0.1:*") } == .incompatibleTransport)
                #expect(code { try dgram.connect(Way.tcp.fresh) } != nil)
                try dgram.bind("udp://127.0.0.1:*")
                #expect(code { try dgram.bind("udp://127.0.0.1:*") } == .invalidState)
                #expect(code { try dgram.send("alone") } == .invalidMessage)
                let three = code { try dgram.send(parts: [[1], [2], [3]]) }
                #expect(three == .invalidMessage)
                let taken = dgram.lastEndpoint
                #expect(code { try dish.bind(taken) } == .addressInUse)
            }
        }

        @Test func addressedBothWays() throws {
            try withContext { context in
                let one = try DatagramSocket(context: context, options: .test)
                let other = try DatagramSocket(context: context, options: .test)
                let here = String(try one.bind("udp://127.0.0.1:*").dropFirst("udp://".count))
                let there = String(try other.bind("udp://127.0.0.1:*").dropFirst("udp://".count))
                try one.send("Is someone there?", to: there)
                #expect(try other.parts() == [bytes(here), bytes("Is someone there?")])
                // With its zero byte, as libzmq's users write addresses.
                try other.send(parts: [bytes(here) + [0], bytes("Yes")])
                #expect(try one.parts() == [bytes(there), bytes("Yes")])
                // Nobody: lost.
                try one.send("x", to: "nobody")
                try one.send("x", to: "127.0.0.1:1")
                try one.send("x", to: "127.0.0.1:1")
                try one.send("still", to: there)
                #expect(try other.parts() == [bytes(here), bytes("still")])
            }
        }

        /// What is no message of RADIO's is dropped.
        @Test func malformedDatagrams() throws {
            try withContext { context in
                let dish = try DishSocket(context: context, options: .test)
                let endpoint = try Endpoint(try dish.bind("udp://127.0.0.1:*"))
                try dish.join("x")
                try dish.join("")
                let raw = try UDPTransport().open(
                    endpoint, for: .sending, options: LinkOptions())
                for datagram in [
                    [], [1], [2, 120], [255, 120, 1], [1, 120, 65], [0], [0, 66], [1, 121, 67],
                ] as [[UInt8]] {
                    var bytes = datagram
                    bytes.withUnsafeMutableBytes { bytes in
                        var vector = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                        _ = raw.send(&vector, count: 1, to: nil)
                    }
                }
                #expect(try dish.parts() == [[120], [65]])
                #expect(try dish.parts() == [[], []])
                #expect(try dish.parts() == [[], [66]])
                #expect(try dish.countUntilQuiet(50) == 0)
            }
        }

        /// What nobody receives is kept up to the high-water mark.
        @Test func lossAtTheMark() throws {
            try withContext { context in
                let dish = try DishSocket(
                    context: context, options: .test { $0.receiveHighWaterMark = 10 })
                let radio = try RadioSocket(context: context, options: .test)
                try dish.join("x")
                try radio.connect(try dish.bind("udp://127.0.0.1:*"))
                for number in 0..<50 { try radio.send("\(number)", group: "x") }
                pause(100)
                #expect(try dish.countUntilQuiet(50) <= 13)
                try radio.send("again", group: "x")
                #expect(try dish.parts().last == bytes("again"))
            }
        }

        @Test func waitingThreadsTasksAndPollersAreWoken() async throws {
            try await withContext { context in
                let dish = try DishSocket(context: context, options: .test)
                let radio = try RadioSocket(context: context, options: .test)
                try dish.join("x")
                try radio.connect(try dish.bind("udp://127.0.0.1:*"))
                let sender = Worker {
                    for number in 0..<20 {
                        pause(5)
                        try radio.send("\(number)", group: "x")
                    }
                }
                for number in 0..<20 {
                    let message = try await dish.receive()
                    let text = message.string(1)
                    #expect(text == "\(number)")
                }
                try sender.join()
            }
        }

        @Test func closingFreesTheEndpoint() throws {
            try withContext { context in
                var endpoint = "udp://127.0.0.1:*"
                for unbinds in [true, false, true] {
                    let dish = try DishSocket(context: context, options: .test)
                    endpoint = try dish.bind(endpoint)
                    if unbinds { try dish.unbind(endpoint) } else { dish.close() }
                }
                let radio = try RadioSocket(context: context, options: .test)
                try radio.connect(endpoint)
                try radio.disconnect(endpoint)
                try radio.send("nobody", group: "x")
                #expect(code { try radio.disconnect(endpoint) } == .invalidEndpoint)
            }
        }

        @Test func multicast() throws {
            try withContext { context in
                let options = SocketOptions.test { $0.multicastHops = 3 }
                let none = SocketOptions.test { $0.multicastHops = 0 }
                let refused = code { _ = try RadioSocket(context: context, options: none) }
                #expect(refused == .invalidOption)
                let radio = try RadioSocket(context: context, options: options)
                #expect(radio.options.multicastHops == 3)
                let probe = try DatagramSocket(context: context, options: .test)
                let port = try Endpoint(try probe.bind("udp://127.0.0.1:*")).port ?? 0
                probe.close()
                let group = "udp://239.255.77.2:\(port)"
                guard isThereMulticast(group) else { return }
                let dishes = try (0..<2).map { _ in
                    let dish = try DishSocket(context: context, options: options)
                    try dish.join("x")
                    try dish.bind(group)
                    return dish
                }
                try radio.connect(group)
                try radio.send("all", group: "x")
                for dish in dishes { #expect(try dish.parts().last == bytes("all")) }
                let quiet = try RadioSocket(
                    context: context, options: .test { $0.multicastLoops = false })
                try quiet.connect(group)
                try quiet.send("none", group: "x")
                for dish in dishes { #expect(try dish.countUntilQuiet(50) == 0) }
            }
        }
    }
}

/// Where there is no network, there may be no multicast.
private func isThereMulticast(_ group: String) -> Bool {
    guard let endpoint = try? Endpoint(group),
        let receiver = try? UDPTransport().open(
            endpoint, for: .receiving, options: LinkOptions()),
        let sender = try? UDPTransport().open(endpoint, for: .sending, options: LinkOptions())
    else { return false }
    var vector = iovec(iov_base: nil, iov_len: 0)
    _ = sender.send(&vector, count: 1, to: nil)
    return isReady(receiver.descriptor, Int16(POLLIN), within: 500)
}
