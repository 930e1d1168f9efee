import ArgumentParser
import MCFacade
import MCommSupport
import Synchronization

struct InprocLatency: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inproc_lat",
        abstract: "Measure round trips between two threads over inproc.")
    @OptionGroup var numbers: LatencyArguments

    func run() throws {
        try reportingStatus {
            let socket = try ReqSocket()
            _ = try socket.bind("inproc://lat_test")
            let (size, roundtrips) = (numbers.size, numbers.roundtrips)
            let worker = WorkerThread {
                let socket = try RepSocket()
                try socket.connect("inproc://lat_test")
                try echo(socket, size: size, roundtrips: roundtrips)
                socket.close()
            }
            PerfReport.latencyHeader(size: size, roundtrips: roundtrips)
                .forEach { StandardStreams.print($0) }
            let time = try ask(socket, size: size, roundtrips: roundtrips)
            try worker.join()
            StandardStreams.print(PerfReport.latency(nanoseconds: time, roundtrips: roundtrips))
            socket.close()
        }
    }
}

struct InprocThroughput: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inproc_thr",
        abstract: "Measure the rate from one thread to another over inproc.")
    @OptionGroup var numbers: ThroughputArguments

    func run() throws {
        try reportingStatus {
            let socket = try PullSocket()
            _ = try socket.bind("inproc://thr_test")
            let (size, count) = (numbers.size, numbers.count)
            let worker = WorkerThread {
                let socket = try PushSocket()
                try socket.connect("inproc://thr_test")
                try flood(socket, size: size, count: count)
                socket.close()
            }
            PerfReport.throughputHeader(size: size, count: count)
                .forEach { StandardStreams.print($0) }
            let time = try drain(socket, size: size, count: count)
            try worker.join()
            PerfReport.throughput(size: size, count: count, nanoseconds: time)
                .forEach { StandardStreams.print($0) }
            socket.close()
        }
    }
}
