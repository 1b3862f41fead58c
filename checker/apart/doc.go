// Package apart lets Porcupine answer in a process of its own, which is bounded in
// memory and time: a window that blows up ends that process, not the one that asks,
// and is undecided for a reason that is told.
//
// A [Judge] starts a program, sends it a line of JSON with its [Limits] and then a
// line a question, and reads a line an answer. [Serve] is the other side. The process
// stays for the next question, and is begun anew after it has died.
package apart
