import CMCZmq
import MCPool
import MCTransport

/// Whose connections are accepted. Each call adds to the list; an empty one clears it.
enum FilterOptions {
    static let table: [Int32: SocketOption] = [
        ZMQ_TCP_ACCEPT_FILTER: SocketOption(set: { socket, input throws(Errno) in
            guard input.count > 0 else {
                _ = try input.text(upTo: 0)
                socket.engine.setOptions { $0.link.filter.addresses = [] }
                return
            }
            let text = try input.text(upTo: 255)
            let range: AddressRange
            do throws(TransportError) {
                range = try AddressRange(text.text)
            } catch {
                throw .invalid
            }
            socket.engine.setOptions { $0.link.filter.addresses.append(range) }
        }),
        ZMQ_IPC_FILTER_PID: identifiers(\.link.filter.processIDs),
        ZMQ_IPC_FILTER_UID: identifiers(\.link.filter.userIDs),
        ZMQ_IPC_FILTER_GID: identifiers(\.link.filter.groupIDs),
    ]

    private static func identifiers<Number: FixedWidthInteger & BitwiseCopyable & Sendable>(
        _ path: any (WritableKeyPath<EngineOptions, Set<Number>> & Sendable)
    ) -> SocketOption {
        SocketOption(set: { socket, input throws(Errno) in
            if input.count == 0, unsafe input.address == nil {
                socket.engine.setOptions { $0[keyPath: path] = [] }
                return
            }
            let number = Number(truncatingIfNeeded: try input.int(Int32.min...Int32.max))
            socket.engine.setOptions { $0[keyPath: path].insert(number) }
        })
    }
}
