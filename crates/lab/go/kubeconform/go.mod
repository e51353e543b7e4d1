// The peer of the large-repository benchmark.
module hyperspace/lab/kubeconform

go 1.24.0

require github.com/yannh/kubeconform v0.7.0
