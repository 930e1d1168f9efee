import Glibc

/// Whether a sanitizer watches: memory means nothing then, and everything takes longer.
package let isSanitized = getenv("MC_SANITIZER") != nil

/// How often to do something: less where a sanitizer watches.
package func scaled(_ count: Int) -> Int { isSanitized ? max(1, count / 10) : count }
