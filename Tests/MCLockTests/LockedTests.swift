import Testing
@testable import MCLock

@Suite struct LockedTests {
    @Test func `A value changes under the lock`() {
        let locked = Locked(1)
        #expect(
            locked.withLock { value in
                value += 1; return value
            } == 2)
    }
}
