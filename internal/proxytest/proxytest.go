// Package proxytest stands in for the servers of a cloud under their own names:
// programs reach it as a proxy, and trust its certificate as that of an
// authority. So they need no code of their own to be tested. Begin with Start.
package proxytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Proxy leads whoever asks for its hosts to one server.
type Proxy struct {
	Env []string // with which a program goes through it

	hosts  []string
	server net.Listener

	mu    sync.Mutex
	wrong []string
}

// Start starts a proxy for hosts, by name or as "*.googleapis.com", and the
// server that answers for them. Both end with the test.
func Start(tb testing.TB, answers http.Handler, hosts ...string) *Proxy {
	tb.Helper()
	own, authority := certificate(tb, hosts)
	server := httptest.NewUnstartedServer(answers)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	tb.Cleanup(server.Close)
	p := &Proxy{hosts: hosts, server: server.Listener}
	proxy := httptest.NewServer(http.HandlerFunc(p.connect))
	tb.Cleanup(proxy.Close)
	p.Env = []string{"HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + authority, "SSL_CERT_DIR=/nonexistent"}
	return p
}

// Wrong returns what was asked of the proxy that is not for its hosts.
func (p *Proxy) Wrong() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.wrong)
}

// certificate returns a certificate for the hosts, and the file of the authority
// to trust, which is the certificate itself.
func certificate(tb testing.TB, hosts []string) (tls.Certificate, string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: hosts, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	made, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(tb.TempDir(), "authority.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}), 0o600); err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key}, file
}

// answersFor reports whether a host is among those of the proxy.
func (p *Proxy) answersFor(host string) bool {
	return slices.ContainsFunc(p.hosts, func(known string) bool {
		suffix, wild := strings.CutPrefix(known, "*")
		return host == known || wild && strings.HasSuffix(host, suffix)
	})
}

// connect is the proxy.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	host, port, _ := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || !p.answersFor(host) || port != "443" {
		p.mu.Lock()
		p.wrong = append(p.wrong, r.Method+" "+r.Host)
		p.mu.Unlock()
		http.Error(w, "not of this cloud", http.StatusForbidden)
		return
	}
	there, err := new(net.Dialer).DialContext(r.Context(), "tcp", p.server.Addr().String())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = there.Close() }()
	here, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = here.Close() }()
	_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(there, buffered) }() // ends with either connection
	_, _ = io.Copy(here, there)
}
