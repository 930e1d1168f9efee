import ArgumentParser
import MCommSupport

/// The tool: one binary, a subcommand for each thing that an operator does.
@main
struct Mcomm: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcomm",
        abstract: "Send, receive and measure messages over ZeroMQ sockets.",
        discussion: """
            Speaks ZMTP 3.1: every subcommand talks to libzmq, pyzmq and other ZeroMQ programs.

            EXAMPLES
              A queue between two terminals:
                mcomm pull --bind tcp://127.0.0.1:5555
                mcomm push --connect tcp://127.0.0.1:5555 hello world
              Two of four topics:
                mcomm sub --connect tcp://host:5556 --subscribe weather --subscribe news
              Ask, and print the answer:
                mcomm req --connect ipc:///run/service 'status'
              Move tensors:
                mcomm tensors receive --bind tcp://*:5557 --out arrays --count 2
                mcomm tensors send --connect tcp://host:5557 a.npy b.npy
              See it all at work, verified and measured:
                mcomm demo

            ENDPOINTS are tcp://host:port (names, IPv4, [IPv6], * when binding; port * or 0 lets \
            the system choose, and the real endpoint is printed), ipc://path, ipc://@abstract, \
            inproc://name; a bare host:port means tcp://.

            MEASURING tools have the names, arguments and output of libzmq's own, which can be at \
            the other end.

            \(ExitStatus.help)
            """,
        subcommands: [DemoPeer.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Socket",
                subcommands: [
                    Push.self, Pull.self, Pub.self, Sub.self, Req.self, Rep.self, Pair.self,
                    Dealer.self, Router.self,
                ]),
            CommandGroup(name: "Tensor", subcommands: [Tensors.self, Demo.self]),
            CommandGroup(
                name: "Measuring",
                subcommands: [
                    LocalLatency.self, RemoteLatency.self, LocalThroughput.self,
                    RemoteThroughput.self, InprocLatency.self, InprocThroughput.self,
                ]),
        ])
}
