package doctor

import "testing"

func TestMountsAreFound(t *testing.T) {
	const mounts = `22 1 252:1 / / rw,relatime shared:1 - ext4 /dev/vda rw,nobarrier
24 22 0:21 / /tmp rw,nosuid shared:2 - tmpfs tmpfs rw,size=1000k
25 22 8:1 / /var/lib/my\040data rw,noatime - xfs /dev/sdb1 rw,inode64
26 22 8:2 / /var/lib/my\040data/inner ro - btrfs /dev/sdc rw
27 22 8:3 / /tmp rw - ext3 /dev/sdd rw
broken line
`
	for path, want := range map[string]string{
		"/home":                    "ext4 rw,relatime,rw,nobarrier",
		"/tmp":                     "ext3 rw,rw",
		"/tmpfiles":                "ext4 rw,relatime,rw,nobarrier",
		"/var/lib/my data/a":       "xfs rw,noatime,rw,inode64",
		"/var/lib/my data/inner/b": "btrfs ro,rw",
	} {
		kind, options := mountOf(mounts, path)
		if got := kind + " " + options; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
