package devissuer

import "testing"

// C7: what a name may resolve to where a stranger has chosen it.
func TestAddressesOfDocuments(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "93.184.215.14:443": true, "[2606:4700::1111]:443": true, "100.63.255.255:443": true, "100.128.0.0:443": true,
		"10.0.0.1:443": false, "172.16.0.1:443": false, "192.168.0.1:443": false, "169.254.169.254:80": false, "0.0.0.0:80": false, "224.0.0.1:80": false,
		"100.64.0.1:80": false, "100.100.100.200:80": false, "192.0.0.1:80": false, "198.18.0.1:80": false, "198.19.255.255:80": false,
		"240.0.0.1:80": false, "255.255.255.255:80": false, "[::]:80": false, "[::ffff:10.0.0.1]:80": false, "[::ffff:100.64.0.1]:80": false,
		"[fd00::1]:80": false, "[fe80::1]:80": false, "[fec0::1]:80": false, "[2002:a00:1::]:80": false, "[64:ff9b::a9fe:a9fe]:80": false,
		"[64:ff9b:1::a00:1]:80": false, "name:80": false,
	} {
		if err := checkAddress(address); (err == nil) != want {
			t.Errorf("%s: error %v, allowed should be %v", address, err, want)
		}
	}
}
