import CMCZmq
import Glibc
import MCLock

/// What a handle stands for: an object that lives until its handle is closed and no call is inside.
protocol HandleObject: AnyObject {
    static var handleKind: Int32 { get }
}

extension HandleObject {
    /// A handle that keeps the object; nil when there are too many.
    static func makeHandle(_ object: Self) -> UnsafeMutableRawPointer? {
        let reference = unsafe Unmanaged.passRetained(object)
        let handle = unsafe cmc_handle_make(handleKind, reference.toOpaque())
        if handle == 0 { unsafe reference.release() }
        return unsafe UnsafeMutableRawPointer(bitPattern: handle)
    }

    /// The object of a handle, which lives until `leave`; nil when it is no handle of the kind.
    @inline(__always)
    static func enter(_ handle: UnsafeMutableRawPointer?) -> Unmanaged<Self>? {
        // Safe because who closes the handle lets the object go only when nobody is inside.
        unsafe cmc_handle_enter(UInt(bitPattern: handle), handleKind).map {
            unsafe Unmanaged.fromOpaque($0)
        }
    }

    /// The call that entered is done with the object.
    @inline(__always)
    static func leave() {
        if cmc_handle_leave() { Retired.letGo() }
    }

    /// Runs `body` with a handle's object.
    ///
    /// - Returns: nil when it is no handle of the kind.
    @inline(__always)
    static func with<Result>(
        _ handle: UnsafeMutableRawPointer?, _ body: (Self) -> Result
    ) -> Result? {
        guard let object = unsafe enter(handle) else { return nil }
        defer { leave() }
        return unsafe object._withUnsafeGuaranteedRef { body($0) }
    }

    /// Makes a handle invalid.
    ///
    /// - Returns: its object, which is let go when the last call has left; nil when it was no handle.
    static func takeHandle(_ handle: UnsafeMutableRawPointer?) -> Self? {
        guard let raw = unsafe cmc_handle_take(UInt(bitPattern: handle), handleKind) else {
            return nil
        }
        let object = unsafe Unmanaged<Self>.fromOpaque(raw).takeRetainedValue()
        Retired.add(object)
        return object
    }
}

/// Objects whose handles are closed and which calls of other threads may still be using: they are let go
/// when the last of these leaves.
private enum Retired {
    private static let list = Locked<[AnyObject]>([])

    static func add(_ object: AnyObject) { letGo(adding: object) }

    /// Lets those go that nobody is inside of any more.
    @inline(never)
    static func letGo(adding object: AnyObject? = nil) {
        // The errno is that of the call that leaves.
        let error = errno
        // Let go outside of the lock: that may run code of the user's.
        var free: [AnyObject] = []
        list.withLock { list in
            if let object { list.append(object) }
            // Before the look at who is inside, so that whoever is, and leaves later, comes here.
            cmc_retired_set(Int32(list.count))
            list.removeAll { candidate in
                let address = unsafe Unmanaged.passUnretained(candidate).toOpaque()
                guard unsafe !cmc_handle_is_busy(address) else { return false }
                free.append(candidate)
                return true
            }
            cmc_retired_set(Int32(list.count))
        }
        free.removeAll()
        errno = error
    }
}
