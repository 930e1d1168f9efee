import Glibc

/// Two long runs in which everything is left to chance, each in a process of its own, for `ChaosTests`:
///
///     MCChaos lossless|anything seconds=60 [seed=HEX] [sabotage=KIND] peers=FOLDER
///
/// It prints what it does, and exits with 0 when nothing was wrong.
@main
struct MCChaos {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        let arguments = Arguments(words.dropFirst())
        Sabotage.kind = arguments.sabotage
        Activity.startWatchdog()
        do {
            let isRight =
                switch words.first {
                case "lossless": try LosslessRun.run(arguments)
                case "anything": try AnythingRun.run(arguments)
                default: false
                }
            // Without waiting for what a failure has left behind.
            _exit(isRight ? 0 : 1)
        } catch {
            say("failed \(error)")
            _exit(1)
        }
    }
}
