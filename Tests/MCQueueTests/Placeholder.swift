import Testing
@testable import MCQueue
