// swift-tools-version: 6.2
// The tools: `mcomm`, and the readers and writers of tensor files that it uses. A package of its
// own, so that what the tools depend on reaches no user of the library.

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
    name: "mooncake-communicator-tools",
    products: [
        .executable(name: "mcomm", targets: ["mcomm"]),
        .library(name: "MCTensorFiles", targets: ["MCTensorFiles"]),
    ],
    dependencies: [
        .package(name: "mooncake-communicator", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // .npy and .safetensors; knows no socket.
        .target(
            name: "MCTensorFiles",
            dependencies: [.product(name: "MCCodec", package: "mooncake-communicator")],
            swiftSettings: settings),
        // What a command-line tool needs beside its sockets: text, statistics, child processes.
        .target(name: "MCommSupport", swiftSettings: settings),
        .executableTarget(
            name: "mcomm",
            dependencies: [
                "MCTensorFiles", "MCommSupport",
                .product(name: "MCFacade", package: "mooncake-communicator"),
                .product(name: "MCCodec", package: "mooncake-communicator"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        // Counts the calls of a program that links it: nothing but the meter may.
        .target(name: "CCallCounter", cSettings: cSettings),
        .executableTarget(
            name: "CallMeter",
            dependencies: [
                "CCallCounter", "MCommSupport",
                .product(name: "MCFacade", package: "mooncake-communicator"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MCTensorFilesTests",
            dependencies: [
                "MCTensorFiles", .product(name: "MCCodec", package: "mooncake-communicator"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MCommSupportTests", dependencies: ["MCommSupport"], swiftSettings: settings),
        // Runs the binary, as a user would.
        .testTarget(
            name: "MCommTests",
            dependencies: [
                "MCommSupport", "MCTensorFiles", "mcomm",
                .product(name: "MCCodec", package: "mooncake-communicator"),
            ],
            swiftSettings: settings),
        // Runs the meter, and must not link it: see `Measurement`.
        .testTarget(
            name: "BudgetTests", dependencies: ["MCommSupport"], exclude: ["budgets.txt"],
            swiftSettings: settings),
    ]
)
