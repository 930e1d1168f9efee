// swift-tools-version: 6.2
// Mooncake Communicator: ZeroMQ's sockets and ZMTP 3.1 in Swift, tensors as first-class messages.
//
// One root manifest, read as data: a layer is one line in `layers`, bottom first. Every layer is a
// library product of its own, so that a package outside can depend on a single one. Nobody fetches
// another package for it: the dependencies here are those of traits that are off by default, and tools
// that need some live in a package of their own under `Tools/`.

import PackageDescription

/// A Swift layer: its target, its library product, and its test target when `tests` is true.
struct Layer {
    let name: String
    let imports: [String]
    /// What it imports of other packages, each behind a trait.
    var products: [Target.Dependency] = []
    /// What its tests do.
    var testProducts: [Target.Dependency] = []
    /// What lies beside its tests and is no source.
    var testFiles: [String] = []
}

/// A product of swift-service-lifecycle, for who enables the trait.
func lifecycle(_ name: String) -> Target.Dependency {
    .product(
        name: name, package: "swift-service-lifecycle",
        condition: .when(traits: ["ServiceLifecycle"]))
}

// A layer may import what its line names, and nothing else: the build is run with
// `--explicit-target-dependency-import-check error`.
let layers: [Layer] = [
    Layer(name: "MCLock", imports: ["CMCLinux"]),
    Layer(name: "MCMemory", imports: ["CMCLinux", "MCLock"]),
    Layer(name: "MCCodec", imports: ["MCMemory"], testFiles: ["Vectors"]),
    Layer(name: "MCQueue", imports: ["CMCLinux", "MCMemory"]),
    Layer(name: "MCSecurity", imports: ["MCCodec"]),
    Layer(name: "MCTransport", imports: []),
    Layer(name: "MCTransportTCP", imports: ["CMCLinux", "MCLock", "MCTransport"]),
    Layer(name: "MCTransportUDP", imports: ["CMCLinux", "MCTransport"]),
    Layer(name: "MCTransportInproc", imports: ["MCLock", "MCTransport"]),
    Layer(
        name: "MCPool",
        imports: [
            "CMCLinux", "MCLock", "MCMemory", "MCCodec", "MCQueue", "MCSecurity",
            "MCTransport", "MCTransportInproc",
        ]),
    Layer(name: "MCPatterns", imports: ["MCMemory", "MCCodec", "MCPool"]),
    Layer(
        name: "MCFacade",
        imports: [
            "CMCLinux", "MCLock", "MCMemory", "MCCodec", "MCQueue", "MCTransport",
            "MCTransportTCP", "MCTransportUDP", "MCTransportInproc", "MCPool", "MCPatterns",
        ],
        products: [lifecycle("ServiceLifecycle")],
        testProducts: [lifecycle("ServiceLifecycle"), lifecycle("ServiceLifecycleTestKit")]),
]

// The C interface, which is no Swift library: `Tools/install-libzmq` links it, with a runtime of its own,
// into a shared library that stands in for libzmq's.
let zmqLayer = Layer(
    name: "MCZmqABI",
    imports: [
        "CMCLinux", "CMCZmq", "MCLock", "MCMemory", "MCQueue", "MCTransport", "MCPool",
        "MCPatterns", "MCFacade",
    ])

let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

// Tests look at memory, processes and descriptors as they are; the library says where it does.
let settings = testSettings + [.strictMemorySafety()]

func dependencies(_ names: [String]) -> [Target.Dependency] {
    names.map { .target(name: $0) }
}

let package = Package(
    name: "mooncake-communicator",
    products: layers.map { .library(name: $0.name, targets: [$0.name]) }
        + [.library(name: "zmq", type: .dynamic, targets: [zmqLayer.name])],
    traits: [
        .trait(
            name: "ServiceLifecycle",
            description: "Proxies and brokers are services of swift-service-lifecycle.")
    ],
    dependencies: [
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.4.0")
    ],
    targets: [
        .target(name: "CMCLinux", path: "Packages/CMCLinux/Sources"),
        .target(
            name: "CMCZmq", dependencies: ["CMCLinux"], path: "Packages/CMCZmq/Sources"),
        .target(
            name: zmqLayer.name, dependencies: dependencies(zmqLayer.imports),
            path: "Packages/\(zmqLayer.name)/Sources", swiftSettings: settings),
    ]
        + layers.map {
            .target(
                name: $0.name, dependencies: dependencies($0.imports) + $0.products,
                path: "Packages/\($0.name)/Sources", swiftSettings: settings)
        }
        + layers.map {
            .testTarget(
                name: "\($0.name)Tests",
                dependencies: dependencies([$0.name] + $0.imports + ["MCTestSupport"])
                    + $0.testProducts,
                path: "Tests/\($0.name)Tests", exclude: $0.testFiles, swiftSettings: testSettings)
        }
        + [
            // What tests of several layers need.
            .target(
                name: "MCTestSupport", dependencies: ["CMCLinux"], path: "Tests/MCTestSupport",
                swiftSettings: testSettings),
            // A program that plays one end of a connection in a process of its own.
            .executableTarget(
                name: "MCTestPeer", dependencies: ["MCFacade", "MCLock", "MCTestSupport"],
                path: "Tests/MCTestPeer", swiftSettings: testSettings),
            // Two long runs in which everything is left to chance.
            .executableTarget(
                name: "MCChaos",
                dependencies: dependencies([
                    "CMCZmq", "MCFacade", "MCLock", "MCMemory", "MCTestSupport", "MCZmqABI",
                ]),
                path: "Tests/MCChaos", swiftSettings: testSettings),
        ]
        // Tests across layers: against libzmq, and under load and failure.
        + ["InteropTests", "StressTests"].map {
            .testTarget(
                name: $0,
                dependencies: [
                    "MCFacade", "MCCodec", "MCLock", "MCTestPeer", "MCTestSupport", "CMCLinux",
                ],
                path: "Tests/\($0)", exclude: $0 == "InteropTests" ? ["Peers"] : [],
                swiftSettings: testSettings)
        }
        + [
            .testTarget(
                name: "ChaosTests", dependencies: ["MCChaos", "MCTestSupport"],
                path: "Tests/ChaosTests", exclude: ["Peers"], swiftSettings: testSettings)
        ]
        // The C interface, called as a C program calls it.
        + [
            .testTarget(
                name: "MCZmqABITests",
                dependencies: ["MCZmqABI", "CMCZmq", "MCLock", "MCTestSupport"],
                path: "Tests/MCZmqABITests", swiftSettings: testSettings)
        ]
        // The Guide's patterns, as programs that use the library would have them.
        + [
            .testTarget(
                name: "ExampleTests", dependencies: ["MCFacade"], path: "Tests/ExampleTests",
                swiftSettings: testSettings)
        ]
        // The package as somebody else's dependency.
        + [
            .testTarget(
                name: "PackagingTests", path: "Tests/PackagingTests",
                swiftSettings: testSettings)
        ]
)

// The fuzzers need coverage and a sanitizer in everything below them, and libFuzzer's own main:
// Tools/Scripts/fuzz builds them, nobody else.
if Context.environment["MC_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "MCFuzz",
            dependencies: dependencies(["MCMemory", "MCCodec", "MCSecurity", "MCTransport"]),
            path: "Tests/MCFuzz/Sources",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
