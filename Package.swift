// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let configuration = Target.Dependency.product(
    name: "Configuration", package: "swift-configuration")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let locks = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let embedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let http2: [Target.Dependency] = [
    .product(name: "NIOHPACK", package: "swift-nio-http2"),
    .product(name: "NIOHTTP2", package: "swift-nio-http2"),
]
let http1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let tls: [Target.Dependency] = [
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "NIOTLS", package: "swift-nio"),
]
let inMemoryTracing = Target.Dependency.product(
    name: "InMemoryTracing", package: "swift-distributed-tracing")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")

let package = Package(
    name: "marbledb",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "MarbleArrow", targets: ["MarbleArrow"]),
        .library(name: "MarbleFlight", targets: ["MarbleFlight"]),
        .library(name: "MarbleMetrics", targets: ["MarbleMetrics"]),
        .library(name: "MarbleRaft", targets: ["MarbleRaft"]),
        .library(name: "MarbleCluster", targets: ["MarbleCluster"]),
        .library(name: "MarbleDB", targets: ["MarbleDB"]),
        .executable(name: "marble", targets: ["marble"]),
        .executable(name: "marble-sim", targets: ["marble-sim"]),
        .executable(name: "marble-bench", targets: ["marble-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CMarbleLZ4", pkgConfig: "liblz4",
            providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
        .systemLibrary(
            name: "CMarbleZstd", pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(
            name: "CMarbleZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "MarbleArrow", dependencies: ["CMarbleArrowData", "CMarbleLZ4", "CMarbleZstd"],
            swiftSettings: settings),
        .target(name: "MarbleJSON", dependencies: [nioCore], swiftSettings: settings),
        .target(name: "MarbleMetrics", dependencies: [coreMetrics], swiftSettings: settings),
        .target(name: "CMarbleArrowData"),
        .target(name: "MarbleRaft", swiftSettings: settings),
        .target(name: "MarbleEnvironment", swiftSettings: settings),
        .target(name: "CMarbleCRC"),
        .target(
            name: "MarbleLog", dependencies: ["CMarbleCRC", "MarbleEnvironment"],
            swiftSettings: settings),
        .target(name: "MarbleStore", dependencies: ["MarbleArrow"], swiftSettings: settings),
        .target(
            name: "MarbleFlight",
            dependencies: [
                "CMarbleZlib", "MarbleArrow", "MarbleJSON", coreMetrics, http1, logging,
                locks, nioCore, nioPosix, tracing,
            ] + http2 + tls,
            swiftSettings: settings),
        .target(
            name: "MarbleAuth",
            dependencies: [
                "MarbleFlight", crypto, cryptoExtras, jwt, locks, logging, nioCore, nioPosix, x509,
            ],
            swiftSettings: settings),
        .target(
            name: "MarbleCluster",
            dependencies: [
                "MarbleArrow", "MarbleEnvironment", "MarbleFlight", "MarbleLog", "MarbleRaft",
                collections, coreMetrics, lifecycle, locks, logging, nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .target(
            name: "MarbleDB",
            dependencies: [
                "MarbleArrow", "MarbleCluster", "MarbleFlight", "MarbleJSON", "MarbleRaft",
                "MarbleStore", locks, nioCore,
            ],
            swiftSettings: settings),
        .target(
            name: "MarbleServer",
            dependencies: [
                "MarbleArrow", "MarbleAuth", "MarbleCluster", "MarbleDB", "MarbleEnvironment",
                "MarbleFlight", "MarbleJSON", "MarbleMetrics", "MarbleRaft", configuration,
                coreMetrics, lifecycle, locks, logging, nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .target(
            name: "MarbleSimulator",
            dependencies: [
                "MarbleCluster", "MarbleEnvironment", "MarbleRaft", locks, nioCore,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "marble",
            dependencies: [
                "MarbleArrow", "MarbleAuth", "MarbleCluster", "MarbleDB", "MarbleFlight",
                "MarbleJSON", "MarbleMetrics", "MarbleServer", argumentParser, coreMetrics,
                lifecycle, locks, logging, nioCore, nioPosix, signals,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "marble-sim", dependencies: ["MarbleSimulator", argumentParser],
            swiftSettings: settings),
        .executableTarget(
            name: "marble-bench",
            dependencies: [
                "MarbleArrow", "MarbleFlight", argumentParser, histogram, logging, nioCore,
                nioPosix,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "counter", dependencies: ["MarbleCluster", "MarbleRaft", locks, nioCore],
            path: "Examples/Counter", swiftSettings: settings),
        .executableTarget(
            name: "flight-echo", dependencies: ["MarbleFlight", locks, nioCore],
            path: "Examples/FlightEcho", swiftSettings: settings),
        .target(
            name: "TestCertificates", path: "Tests/TestCertificates", swiftSettings: settings),
        .target(
            name: "TestLog", dependencies: [locks, logging], path: "Tests/TestLog",
            swiftSettings: settings),
        .executableTarget(
            name: "serve-table", dependencies: ["MarbleArrow", "MarbleFlight"],
            path: "Examples/ServeTable", swiftSettings: settings),
        .executableTarget(
            name: "write-table", dependencies: ["MarbleArrow", "MarbleFlight", nioCore],
            path: "Examples/WriteTable", swiftSettings: settings),
        .testTarget(
            name: "MarbleArrowTests", dependencies: ["MarbleArrow"], exclude: ["Gold", "Peers"],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleJSONTests", dependencies: ["MarbleJSON", nioCore],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleMetricsTests", dependencies: ["MarbleMetrics", coreMetrics],
            swiftSettings: settings),
        .testTarget(name: "MarbleRaftTests", dependencies: ["MarbleRaft"], swiftSettings: settings),
        .testTarget(
            name: "MarbleEnvironmentTests", dependencies: ["MarbleEnvironment"],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleLogTests", dependencies: ["CMarbleCRC", "MarbleEnvironment", "MarbleLog"],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleStoreTests", dependencies: ["MarbleArrow", "MarbleStore"],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleFlightTests",
            dependencies: [
                "MarbleFlight", "MarbleJSON", "MarbleMetrics", "TestCertificates", "TestLog",
                coreMetrics, embedded, http1, inMemoryTracing, logging, locks, nioCore, nioPosix,
                tracing, x509,
            ] + http2 + tls,
            exclude: ["Peers"], swiftSettings: settings),
        .testTarget(
            name: "MarbleAuthTests",
            dependencies: [
                "MarbleAuth", "MarbleFlight", "TestCertificates", "TestLog", cryptoExtras, jwt,
                logging, nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleClusterTests",
            dependencies: [
                "MarbleCluster", "MarbleEnvironment", "MarbleFlight", "MarbleRaft",
                "TestCertificates", locks, logging, nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleDBTests",
            dependencies: [
                "MarbleArrow", "MarbleCluster", "MarbleDB", "MarbleRaft", "MarbleStore", nioCore,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleServerTests",
            dependencies: [
                "MarbleArrow", "MarbleCluster", "MarbleDB", "MarbleFlight", "MarbleJSON",
                "MarbleRaft", "MarbleServer", locks, logging, nioCore, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MarbleSimulatorTests", dependencies: ["MarbleSimulator"],
            swiftSettings: settings),
    ]
)

// The fuzz targets: functions that take bytes from outside. `Scripts/fuzz.sh` builds them with a
// fuzzer's instrumentation; every other build, as tests that feed them what was found.
let fuzzed: [Target.Dependency] =
    [
        "MarbleArrow", "MarbleCluster", "MarbleDB", "MarbleEnvironment", "MarbleFlight",
        "MarbleJSON", "MarbleLog",
        embedded, http1, locks, logging, nioCore,
    ] + http2
let fuzzFiles = ["Corpus", "Findings", "README.md"]
if Context.environment["MARBLE_FUZZ"] == nil {
    package.targets.append(
        .testTarget(
            name: "MarbleFuzzTests", dependencies: fuzzed, path: "Fuzz",
            exclude: fuzzFiles + ["Driver", "seeds.py"], sources: ["Targets", "Tests"],
            swiftSettings: settings))
} else {
    package.targets.append(
        .executableTarget(
            name: "marble-fuzz", dependencies: fuzzed, path: "Fuzz",
            exclude: fuzzFiles + ["Tests", "seeds.py"], sources: ["Targets", "Driver"],
            swiftSettings: settings))
}
