//go:build tools

// Names the commands that the test bed builds, so that `go mod tidy` keeps what they need.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
