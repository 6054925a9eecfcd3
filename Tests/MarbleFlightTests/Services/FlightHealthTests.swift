import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MarbleFlight

struct FlightHealthTests {
    @Test func `the whole server's health is that of the Flight service`() {
        let health = FlightHealth(.notServing)
        #expect(health.status() == .notServing)
        health.set(.serving)
        #expect(health.status(of: FlightMethod.serviceName) == .serving)
        #expect(health.status(of: "other") == nil)
        health.set(.notServing, for: "other")
        #expect(health.status(of: "other") == .notServing)
        #expect(health.status() == .serving)
        health.set(.notServing, for: FlightMethod.serviceName)
        #expect(health.status() == .notServing)
        #expect(health.status(of: FlightMethod.serviceName) == .notServing)
    }

    @Test func `a health that is asked for is asked each time`() {
        let status = NIOLockedValueBox(FlightHealth.Status.serving)
        let health = FlightHealth { status.withLockedValue { $0 } }
        #expect(health.status() == .serving)
        status.withLockedValue { $0 = .notServing }
        #expect(health.status(of: FlightMethod.serviceName) == .notServing)
        #expect(health.status(of: "other") == nil)
    }

    @Test func `those who watch hear of each change, and a server that stops isn't serving`() {
        let health = FlightHealth()
        let count = NIOLockedValueBox(0)
        let watcher = health.watch { count.withLockedValue { $0 += 1 } }
        health.set(.notServing)
        health.set(.serving)
        health.end()
        #expect(count.withLockedValue { $0 } == 3)
        #expect(health.status() == .notServing)
        health.unwatch(watcher)
        health.set(.serving)
        #expect(count.withLockedValue { $0 } == 3)
        #expect(health.status() == .notServing)
    }

    @Test func `each file of the reflection service is there with all that it imports`() {
        for file in ProtoFile.known {
            #expect(file.descriptors().count == 1 + file.imports.count)
            #expect(file.descriptors().allSatisfy { $0.readableBytes > 50 })
            #expect(file.symbols.allSatisfy { ProtoFile.defining($0)?.name == file.name })
        }
        for service in BuiltInMethod.serviceNames {
            #expect(ProtoFile.defining(service) != nil)
        }
    }
}
