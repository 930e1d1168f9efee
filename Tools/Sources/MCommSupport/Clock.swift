private import Glibc

/// The monotonic clock, the same in all processes of one machine.
public enum Clock {
    /// Nanoseconds since the machine started.
    public static func nanoseconds() -> UInt64 {
        var time = timespec()
        // Safe because the struct is the call's own result.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Blocks the calling thread until the clock shows `deadline`; returns at once if it is past.
    public static func sleep(until deadline: UInt64) {
        var time = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        // Safe because the struct lives for the call. EINTR: go on waiting.
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    /// Blocks the calling thread.
    public static func sleep(milliseconds: Int) {
        sleep(until: nanoseconds() + UInt64(max(0, milliseconds)) * 1_000_000)
    }
}
