import CMCLinux
import Glibc
import MCTransport
import MCTransportTCP
import Testing

/// Every option has an effect that the kernel confirms.
@Suite struct SocketOptionTests {
    @Test(arguments: Place.all)
    func `Buffer sizes reach both ends`(_ place: Place) async throws {
        let plain = try await place.connection()
        let sized = try await place.connection(
            LinkOptions(sendBufferBytes: 30_000, receiveBufferBytes: 20_000))
        defer {
            plain.listener.close()
            sized.listener.close()
        }
        for link in [sized.client, sized.server] {
            // socket(7): the kernel doubles the value for its own bookkeeping.
            #expect(cmc_net_option(link.descriptor, CMC_NET_SEND_BUFFER) == 60_000)
            #expect(cmc_net_option(link.descriptor, CMC_NET_RECEIVE_BUFFER) == 40_000)
        }
        for link in [plain.client, plain.server] {
            #expect(cmc_net_option(link.descriptor, CMC_NET_SEND_BUFFER) != 60_000)
            #expect(cmc_net_option(link.descriptor, CMC_NET_RECEIVE_BUFFER) != 40_000)
        }
    }

    @Test func `Buffer sizes out of range are brought into it`() async throws {
        for size in [-1, 0, Int.max] {
            let (listener, client, _) = try await Place.all[0].connection(
                LinkOptions(sendBufferBytes: size, receiveBufferBytes: size))
            #expect(cmc_net_option(client.descriptor, CMC_NET_SEND_BUFFER) > 0)
            listener.close()
        }
    }

    @Test func `Nothing waits for a fuller segment`() async throws {
        let (listener, client, server) = try await Place.all[0].connection()
        defer { listener.close() }
        #expect(cmc_net_option(client.descriptor, CMC_NET_NO_DELAY) == 1)
        #expect(cmc_net_option(server.descriptor, CMC_NET_NO_DELAY) == 1)
    }

    @Test func `The backlog limits the connections that wait`() async throws {
        let place = Place.all[1]
        let listener = try place.listen(LinkOptions(backlog: 2))
        defer { listener.close() }
        // listen(2): the kernel lets one more wait than the backlog says.
        var waiting: [any StreamLink] = []
        for _ in 0..<3 { waiting.append(try await place.connect(to: listener)) }
        await expect(.connectionRefused, naming: "\(listener.localEndpoint)", errno: EAGAIN) {
            _ = try await place.connect(to: listener)
        }
        _ = try listener.acceptOne()
        waiting.append(try await place.connect(to: listener))
    }
}
