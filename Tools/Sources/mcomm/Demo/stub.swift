import ArgumentParser
struct Demo: ParsableCommand {}
struct DemoPeer: ParsableCommand {}
