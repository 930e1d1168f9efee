import MCLock
import MCSecurity

/// What is known of a peer that messages came from.
public struct PeerDescription: Sendable, Equatable {
    /// The peer's IP address as text; of a peer of the same host `:uid:gid:pid`, as libzmq has it.
    public let address: String
    /// In capitals, as the peer said: `"DEALER"`. Empty where no ZMTP is spoken.
    public let socketType: String
    /// As the peer announced it, or empty.
    public let routingID: [UInt8]
    /// Who the peer is to the security mechanism; nil with NULL.
    public let userID: String?
    /// All that the peer said of itself in the handshake, by name.
    public let properties: [String: [UInt8]]
    /// The connection's descriptor, while it was there.
    public let descriptor: Int32
}

/// The peers of this process's connections, by the number that the frames carry that came from them
/// (`Frame.source`). A peer that has gone is remembered for a while: until so many others have gone.
///
/// - Thread rule: any thread.
package enum PeerDirectory {
    static let mostRemembered = 1024

    private struct State {
        /// nil for one of whom nothing is known.
        var peers: [UInt32: PeerDescription?] = [:]
        var lastNumber: UInt32 = 0
        /// Those that have gone, the oldest first from `firstGone` on.
        var gone: [UInt32] = []
        var firstGone = 0
    }

    private static let state = Locked<State>(State())

    static func add(_ peer: PeerDescription) -> UInt32 { reserve(for: peer) }

    /// A number for a peer of whom nothing is known yet.
    package static func reserve() -> UInt32 { reserve(for: nil) }

    private static func reserve(for peer: PeerDescription?) -> UInt32 {
        state.withLock { state in
            repeat {
                state.lastNumber &+= 1
            } while state.lastNumber == 0 || state.peers[state.lastNumber] != nil
            state.peers.updateValue(peer, forKey: state.lastNumber)
            return state.lastNumber
        }
    }

    /// The peer of a number that was reserved is known, or has come again.
    static func describe(_ number: UInt32, as peer: PeerDescription?) {
        state.withLock { state in
            if state.peers[number] != nil { state.peers.updateValue(peer, forKey: number) }
        }
    }

    /// The peer has gone.
    package static func retire(_ number: UInt32) {
        guard number != 0 else { return }
        state.withLock { state in
            state.gone.append(number)
            guard state.gone.count - state.firstGone > mostRemembered else { return }
            state.peers.removeValue(forKey: state.gone[state.firstGone])
            state.firstGone += 1
            if state.firstGone == mostRemembered {
                state.gone.removeFirst(state.firstGone)
                state.firstGone = 0
            }
        }
    }

    package static func peer(_ number: UInt32) -> PeerDescription? {
        number == 0 ? nil : state.withLock { $0.peers[number] ?? nil }
    }
}
