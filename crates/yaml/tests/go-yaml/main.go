// Reads texts from standard input, each as its length in a line and then its bytes, and answers each with a line of
// JSON: what the collector's reader (yaml.v3) and Kubernetes' (sigs.k8s.io/yaml) make of it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	yaml "gopkg.in/yaml.v3"
	k8s "sigs.k8s.io/yaml"
)

type answer struct {
	Documents  []any  `json:"documents"`
	Error      string `json:"error"`
	Kubernetes string `json:"kubernetes"`
}

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		var length int
		if _, err := fmt.Fscanf(in, "%d\n", &length); err != nil {
			return
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(in, text); err != nil {
			return
		}
		line, err := json.Marshal(judge(text))
		if err != nil {
			line, _ = json.Marshal(answer{Error: "unspeakable: " + err.Error()})
		}
		out.Write(append(line, '\n'))
		out.Flush()
	}
}

func judge(text []byte) (result answer) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			result.Error = err.Error()
			break
		}
		result.Documents = append(result.Documents, document)
	}
	var document any
	if err := k8s.UnmarshalStrict(text, &document); err != nil {
		result.Kubernetes = err.Error()
	}
	return result
}
