import CMCLinux
import Glibc
import MCTransport
import Synchronization

/// A datagram socket. Safe because the shim borrows memory until it returns.
final class UDPLink: DatagramLink {
    private let number: Atomic<Int32>
    let endpoint: Endpoint
    private let target: InternetAddress?

    /// Takes ownership of an open descriptor.
    init(owning descriptor: Int32, endpoint: Endpoint, target: InternetAddress?) {
        number = Atomic(descriptor)
        self.endpoint = endpoint
        self.target = target
    }

    deinit { close() }

    var descriptor: Int32 { number.load(ordering: .relaxed) }

    func receive(
        into buffer: UnsafeMutableRawBufferPointer, namesSender: Bool
    ) -> DatagramResult {
        var address = [UInt8](repeating: 0, count: Int(CMC_NET_ADDRESS_BYTES))
        var length: UInt32 = 0
        let count = unsafe cmc_net_receive_from(
            descriptor, buffer.baseAddress, buffer.count, &address, &length)
        if count < 0 {
            return count == -Int64(EAGAIN)
                ? .wouldBlock : .failed(Int32(truncatingIfNeeded: -count))
        }
        guard count <= buffer.count else { return .tooLong }
        guard namesSender else { return .datagram(Int(count), sender: "") }
        let sender = InternetAddress(bytes: Array(address.prefix(Int(length))))
        return .datagram(Int(count), sender: sender.text ?? "")
    }

    func send(_ vectors: UnsafePointer<iovec>, count: Int, to receiver: String?) -> LinkResult {
        guard let address = receiver.map({ InternetAddress(text: $0) }) ?? target else {
            return .failed(EINVAL)
        }
        let sent = unsafe cmc_net_send_to(
            descriptor, vectors, Int32(count), address.bytes, UInt32(address.bytes.count))
        if sent >= 0 { return .bytes(Int(sent)) }
        return sent == -Int64(EAGAIN) ? .wouldBlock : .failed(Int32(truncatingIfNeeded: -sent))
    }

    /// Gives the descriptor up to the caller, once; nil when somebody had it before.
    func release() -> Int32? {
        let old = number.exchange(-1, ordering: .acquiringAndReleasing)
        return old >= 0 ? old : nil
    }

    func close() {
        if let old = release() { cmc_close(old) }
    }
}
