// What the library is to reach, as data: a line for each promise. Medians against medians of the
// same comparison; a case that was not measured is neither met nor missed.

extension Target {
    public static let all: [Target] =
        overNetwork.flatMap { throughput($0) + roundtrips($0) + others($0) } + inproc
        + Transport.allCases.map(boundary)

    private static let overNetwork: [Transport] = [.tcp, .ipc]

    private static func throughput(_ transport: Transport) -> [Target] {
        let ratios: [(sizes: [Int], ratio: Double)] = [
            ([8, 16], 8), ([64, 128, 256], 6), ([1024, 4096, 16_384], 4), ([65_536], 2),
            ([1_048_576, 16_777_216], 1.5),
        ]
        var targets = ratios.flatMap { group in
            group.sizes.map { rate(.throughput(transport, $0), group.ratio) }
        }
        for size in [1_048_576, 16_777_216] {
            targets.append(
                Target(
                    caseName: Case.throughput(transport, size).name, measure: .rateOfBestStream,
                    bound: .atLeast(0.9)))
        }
        targets.append(
            Target(
                caseName: Case.throughput(transport, 64).name, measure: .cpuSecondsPerMillion,
                bound: .atMost(0.2)))
        for size in [16, 256] {
            targets.append(rate(Case(.throughput, transport, "size=\(size) connections=8"), 4))
        }
        targets.append(rate(Case(.throughput, transport, "size=64 threads=4"), 3))
        for style in ["callback", "async"] {
            targets.append(rate(.styles(transport, 64), 4, of: "ours \(style)"))
        }
        return targets
    }

    /// Through the C interface there are so many of the messages that there are in Swift.
    private static func boundary(_ transport: Transport) -> Target {
        Target(
            caseName: Case.throughput(transport, 64).name,
            measure: .rate(of: "ours in C", to: "ours"), bound: .atLeast(0.85))
    }

    private static func roundtrips(_ transport: Transport) -> [Target] {
        [1, 64, 1024].flatMap { size -> [Target] in
            let name = Case.roundtrip(transport, "req", size).name
            return [
                Target(caseName: name, measure: .p50(to: "libzmq"), bound: .atMost(0.45)),
                Target(
                    caseName: name, measure: .p50(of: "ours spin", to: "libzmq"),
                    bound: .atMost(0.25)),
                Target(caseName: name, measure: .p50(to: "raw"), bound: .atMost(1.5)),
                Target(caseName: name, measure: .p99(to: "libzmq"), bound: .atMost(0.6)),
            ]
        }
    }

    private static func others(_ transport: Transport) -> [Target] {
        var targets = [rate(.publish(transport, 64, 1), 4)]
        for peers in [1, 8, 64] {
            targets.append(
                Target(
                    caseName: Case.publish(transport, peers, 10_000).name,
                    measure: .rateTo(caseNamed: Case.publish(transport, peers, 1).name),
                    bound: .atLeast(0.5)))
        }
        let idle = Case(.idle, transport, "connections=10000").name
        targets.append(Target(caseName: idle, measure: .residentMiB, bound: .atMost(160)))
        // The accounting's own steps are hundredths of a second.
        targets.append(Target(caseName: idle, measure: .processorPercent, bound: .atMost(0.2)))
        let burst = Case(.burst, transport).name
        targets.append(Target(caseName: burst, measure: .p50Microseconds, bound: .atMost(150)))
        targets.append(Target(caseName: burst, measure: .p99Microseconds, bound: .atMost(500)))
        return targets
    }

    private static let inproc: [Target] =
        [rate(.throughput(.inproc, 16), 15)]
        + [64, 128, 256, 1024].map { rate(.throughput(.inproc, $0), 6) }
        + [1, 64, 1024].flatMap { size -> [Target] in
            let name = Case.roundtrip(.inproc, "req", size).name
            return [
                Target(
                    caseName: name, measure: .p50(of: "ours no spin", to: "libzmq"),
                    bound: .atMost(0.5)),
                Target(
                    caseName: name, measure: .p50(of: "ours spin", to: "libzmq"),
                    bound: .atMost(0.05)),
            ]
        }

    private static func rate(
        _ measured: Case, _ ratio: Double, of contender: String = "ours"
    ) -> Target {
        Target(caseName: measured.name, measure: .rate(of: contender), bound: .atLeast(ratio))
    }
}

/// The targets with what came out, as lines, and whether all that were measured are met.
public func verdicts(_ results: Results) -> (lines: [String], allMet: Bool) {
    var (lines, allMet) = ([String](), true)
    for target in Target.all {
        guard let value = target.value(in: results), let isMet = target.isMet(in: results) else {
            continue
        }
        allMet = allMet && isMet
        lines.append("\(isMet ? "met    " : "NOT MET")  \(target): \(Text.digits(value))")
    }
    let missing = Target.all.count - lines.count
    if missing > 0 { lines.append("not measured: \(missing) of \(Target.all.count) targets") }
    return (lines, allMet)
}
