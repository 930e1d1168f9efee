private import Glibc
internal import MCFacade
private import MCommSupport

/// The next message goes out when the last has come back.
extension Path {
    typealias MakeSocket<S> = (Context, SocketOptions) throws -> S

    func trips<Asker: SendingSocket & ReceivingSocket, Answerer: SendingSocket & ReceivingSocket>(
        _ makeAsker: MakeSocket<Asker>, _ makeAnswerer: MakeSocket<Answerer>, _ context: Context,
        _ meter: Meter
    ) throws {
        let answerer = try makeAnswerer(context, options)
        let asker = try makeAsker(context, options)
        try asker.connect(try answerer.bind(endpoint))
        if ends == .turns {
            while !meter.isDone {
                try asker.send(payload)
                try answerer.send(try answerer.receive())
                _ = try asker.receive()
                meter.pass()
            }
            return
        }
        let answering = WorkerThread {
            try untilClosed {
                while true {
                    let message = try answerer.receive()
                    letTheOtherSleep()
                    try answerer.send(message)
                }
            }
        }
        while !meter.isDone {
            letTheOtherSleep()
            try asker.send(payload)
            _ = try asker.receive()
            meter.pass()
        }
        answerer.close()
        try answering.join()
    }

    private func letTheOtherSleep() {
        if ends == .asleep { usleep(200) }
    }
}
