struct Heartbeat { 
  enum Action { case none, sendPing, expired }
  init(intervalMilliseconds: Int, ttlMilliseconds: Int, timeoutMilliseconds: Int, now: UInt64) {}
  mutating func pingReceived(ttlTenths: UInt16, now: UInt64) {}
  mutating func received(now: UInt64) {}
  mutating func poll(now: UInt64) -> Action { .none }
  var nextDeadline: UInt64? { nil }
  var ttlTenths: UInt16 { 0 }
}
struct Backoff { 
  let iv: Int
  init(intervalMilliseconds: Int, maximumMilliseconds: Int, seed: UInt64) { iv = intervalMilliseconds }
  mutating func reset() {}
  mutating func nextDelayNanoseconds() -> UInt64? { UInt64(iv) * 1_000_000 }
}
