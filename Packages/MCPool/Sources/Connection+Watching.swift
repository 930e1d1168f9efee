import CMCLinux
import Glibc
import MCLock
import MCTransport

/// What the I/O thread waits for on a connection's behalf; all on the I/O thread.
extension Connection {
    /// What is waited for before the connection joins its socket.
    var interest: UInt32 {
        if phase == .connecting, !isNegotiating { return CMC_POLL_OUT }
        return handshakeOutput.isEmpty ? CMC_POLL_IN : CMC_POLL_IN | CMC_POLL_OUT
    }

    func rewatch() {
        switch phase {
        case .connecting, .handshaking:
            guard link.isIntact else {
                fail(descriptorError)
                return
            }
            let error = engine.ioThread.watch(link.descriptor, interest, ioToken)
            if error < 0 {
                fail(SocketError(.systemError, "epoll refused the connection", errno: -error))
            }
        case .established:
            engine.lock.lock()
            wasArmed = false
            if let pipe, pipe.pointee.isBlocked { waitForRoom() }
            engine.settleAndUnlock()
        case .over: break
        }
    }

    func descriptorLost(_ descriptor: Int32) {
        if phase == .established {
            engine.lock.lock()
            engine.endSoon(self, because: descriptorError)
            engine.settleAndUnlock()
        } else {
            fail(descriptorError)
        }
    }

    /// Why a connection ends that has lost its descriptor.
    var descriptorError: SocketError {
        SocketError(
            .systemError, "the connection's descriptor was closed by other code of the process",
            endpoint: endpoint, errno: EBADF)
    }
}
