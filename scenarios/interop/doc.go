// Package interop runs unmodified foreign clients against a real node. It is a
// module of its own, so that what they need stays out of the project's go.mod.
//
// Each test starts the trialog binary on a free port with a fresh data
// directory; TRIALOG_BIN names the binary (make interop builds it). A client
// that cannot be had is named as not run by the install script, which fails.
package interop
