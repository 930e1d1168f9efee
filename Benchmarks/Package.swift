// swift-tools-version: 6.2
// The benchmarks: a worker for each contender, all with one command line, and the driver that runs
// them against each other. A package of its own, so that neither libzmq nor what the driver depends
// on reaches a user of the library.

import PackageDescription

let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableExperimentalFeature("Lifetimes"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]

let cSettings: [CSetting] = [
    .enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error),
]

let package = Package(
    name: "mooncake-communicator-benchmarks",
    products: [
        .executable(name: "bench", targets: ["bench"]),
        .executable(name: "OursWorker", targets: ["OursWorker"]),
        .executable(name: "LibzmqWorker", targets: ["LibzmqWorker"]),
        .executable(name: "RawWorker", targets: ["RawWorker"]),
    ],
    dependencies: [
        .package(name: "mooncake-communicator", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // What all workers do alike: the command line, clock, payloads, counting, the report.
        .target(name: "CBench", cSettings: cSettings),
        .systemLibrary(
            name: "CLibzmq", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),

        // The contenders. A work has a file of the same name in each.
        .executableTarget(
            name: "OursWorker",
            dependencies: [
                "CBench", .product(name: "MCFacade", package: "mooncake-communicator"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "LibzmqWorker", dependencies: ["CBench", "CLibzmq"], cSettings: cSettings),
        .executableTarget(name: "RawWorker", dependencies: ["CBench"], cSettings: cSettings),

        // What is measured and wanted, statistics, charts: no process, no clock.
        .target(name: "BenchModel", swiftSettings: settings),
        .executableTarget(
            name: "bench",
            dependencies: [
                "BenchModel", "CBench",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "BenchModelTests", dependencies: ["BenchModel"], swiftSettings: settings),
        .testTarget(name: "CBenchTests", dependencies: ["CBench"], swiftSettings: settings),
        .testTarget(
            name: "BenchTests",
            dependencies: [
                "bench", "BenchModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
    ]
)
