// The charts of a comparison, by file name.

extension Results {
    /// File names without their folder, and SVG documents.
    public var charts: [(name: String, document: String)] {
        let drawn: [(String, BarChart)] =
            Transport.allCases.map { ("throughput-\($0.rawValue)", throughputChart($0)) }
            + [("ratios", ratioChart), ("roundtrips", roundtripChart)]
        return drawn.compactMap { name, chart in
            chart.draw().map { ("\(name).svg", $0) }
        }
    }

    private func throughputChart(_ transport: Transport) -> BarChart {
        let sizes = measuredSizes(transport)
        func series(_ contender: String, _ ink: SVGCanvas.Ink) -> BarChart.Series {
            BarChart.Series(
                name: contender, ink: ink,
                values: sizes.map {
                    result(Case.throughput(transport, $0).name)?.outcome(contender)?
                        .messagesPerSecond
                })
        }
        return BarChart(
            title: "PUSH/PULL over \(transport.rawValue), by message size",
            unit: "messages/s, logarithmic", groups: sizes.map { Text.bytes($0) },
            series: [series("ours", .first), series("libzmq", .second)])
    }

    /// Message sizes of the plain throughput cases that were measured.
    private func measuredSizes(_ transport: Transport) -> [Int] {
        Case.full
            .filter { $0.work == .throughput && $0.transport == transport }
            .compactMap { $0.isPlain ? $0.size : nil }
            .filter { result(Case.throughput(transport, $0).name) != nil }
    }

    private var ratioChart: BarChart {
        let sizes = Set(Transport.allCases.flatMap { measuredSizes($0) }).sorted()
        let inks: [(Transport, SVGCanvas.Ink)] = [
            (.tcp, .first), (.ipc, .second), (.inproc, .third),
        ]
        let series = inks.map { transport, ink in
            BarChart.Series(
                name: transport.rawValue, ink: ink,
                values: sizes.map { size -> Double? in
                    guard let result = result(Case.throughput(transport, size).name),
                        let ours = result.outcome("ours")
                    else { return nil }
                    return ResultTable.ratio(ours, in: result)
                })
        }
        return BarChart(
            title: "PUSH/PULL throughput as a multiple of libzmq's, by message size",
            unit: "libzmq = 1, logarithmic", groups: sizes.map { Text.bytes($0) }, series: series,
            reference: 1)
    }

    private var roundtripChart: BarChart {
        let places: [(Transport, Int)] = [
            (.tcp, 1), (.tcp, 64), (.tcp, 1024), (.tcp, 65_536), (.ipc, 1), (.ipc, 64),
            (.ipc, 1024), (.ipc, 65_536), (.inproc, 1), (.inproc, 64), (.inproc, 1024),
            (.inproc, 65_536),
        ].filter { result(Case.roundtrip($0.0, "req", $0.1).name) != nil }
        func series(_ contender: String, _ ink: SVGCanvas.Ink) -> BarChart.Series {
            BarChart.Series(
                name: contender, ink: ink,
                values: places.map { transport, size in
                    result(Case.roundtrip(transport, "req", size).name)?.outcome(contender)?
                        .p50Microseconds
                })
        }
        return BarChart(
            title: "REQ/REP round trip, median (less is better)",
            unit: "microseconds", groups: places.map { "\($0.0.rawValue) \(Text.bytes($0.1))" },
            series: [
                series("ours", .first), series("libzmq", .second),
                series("raw", .third),
            ], isLogarithmic: false)
    }
}
