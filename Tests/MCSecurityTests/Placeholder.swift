import Testing
@testable import MCSecurity
