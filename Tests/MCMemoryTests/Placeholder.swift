import Testing
@testable import MCMemory
