import CMCZmq
import Glibc

// Z85, the text form of binary keys (ZeroMQ RFC 32): four bytes are five digits of base 85.

private let digits = Array(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

private let values: [UInt8: UInt32] = Dictionary(
    uniqueKeysWithValues: digits.enumerated().map { ($1, UInt32($0)) })

@c @implementation
public func zmq_z85_encode(
    _ text: UnsafeMutablePointer<CChar>?, _ bytes: UnsafePointer<UInt8>?, _ size: Int
) -> UnsafeMutablePointer<CChar>? {
    guard size >= 0, size % 4 == 0 else {
        _ = fail(.invalid)
        return nil
    }
    guard let text = unsafe text, unsafe bytes != nil || size == 0 else {
        _ = fail(.fault)
        return nil
    }
    var place = 0
    for group in stride(from: 0, to: size, by: 4) {
        var value: UInt32 = 0
        for index in 0..<4 {
            value = unsafe value << 8 | UInt32(bytes.unsafelyUnwrapped[group + index])
        }
        for index in (0..<5).reversed() {
            unsafe text[place + index] = CChar(bitPattern: digits[Int(value % 85)])
            value /= 85
        }
        place += 5
    }
    unsafe text[place] = 0
    return unsafe text
}

@c @implementation
public func zmq_z85_decode(
    _ bytes: UnsafeMutablePointer<UInt8>?, _ text: UnsafePointer<CChar>?
) -> UnsafeMutablePointer<UInt8>? {
    guard let bytes = unsafe bytes, let text = unsafe text else {
        _ = fail(.fault)
        return nil
    }
    let count = unsafe strlen(text)
    guard count >= 5, count % 5 == 0 else {
        _ = fail(.invalid)
        return nil
    }
    for group in 0..<count / 5 {
        var value: UInt64 = 0
        for index in 0..<5 {
            guard let digit = values[UInt8(bitPattern: unsafe text[group * 5 + index])] else {
                _ = fail(.invalid)
                return nil
            }
            value = value * 85 + UInt64(digit)
        }
        guard value <= UInt64(UInt32.max) else {
            _ = fail(.invalid)
            return nil
        }
        for index in 0..<4 {
            unsafe bytes[group * 4 + index] = UInt8(
                truncatingIfNeeded: value >> UInt64(24 - 8 * index))
        }
    }
    return unsafe bytes
}

// CURVE comes with the security mechanisms; until then these answer as a libzmq without it.

@c @implementation
public func zmq_curve_keypair(
    _ public_key: UnsafeMutablePointer<CChar>?, _ secret_key: UnsafeMutablePointer<CChar>?
) -> Int32 {
    fail(Errno(ENOTSUP))
}

@c @implementation
public func zmq_curve_public(
    _ public_key: UnsafeMutablePointer<CChar>?, _ secret_key: UnsafePointer<CChar>?
) -> Int32 {
    fail(Errno(ENOTSUP))
}
