package asking

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// mostBytes is more than any partition of a short run holds.
const mostBytes = 1 << 30

// content compares an answer with what was asked: each thing has its answer, and
// nothing is told that cannot be.
func content(q kmsg.Request, answer kmsg.Response, brokers int) string {
	switch a := answer.(type) {
	case *kmsg.DescribeConfigsResponse:
		return describedConfigs(q.(*kmsg.DescribeConfigsRequest), a)
	case *kmsg.AlterConfigsResponse:
		return count("resources", len(q.(*kmsg.AlterConfigsRequest).Resources), len(a.Resources))
	case *kmsg.IncrementalAlterConfigsResponse:
		return count("resources", len(q.(*kmsg.IncrementalAlterConfigsRequest).Resources), len(a.Resources))
	case *kmsg.DeleteGroupsResponse:
		return count("groups", len(q.(*kmsg.DeleteGroupsRequest).Groups), len(a.Groups))
	case *kmsg.DescribeGroupsResponse:
		return count("groups", len(q.(*kmsg.DescribeGroupsRequest).Groups), len(a.Groups))
	case *kmsg.ConsumerGroupDescribeResponse:
		return count("groups", len(q.(*kmsg.ConsumerGroupDescribeRequest).Groups), len(a.Groups))
	case *kmsg.ListOffsetsResponse:
		return listed(q.(*kmsg.ListOffsetsRequest), a)
	case *kmsg.DescribeLogDirsResponse:
		return logDirs(a)
	case *kmsg.DescribeClusterResponse:
		for i := range a.Brokers {
			if n := a.Brokers[i].NodeID; n < 1 || int(n) > brokers {
				return fmt.Sprintf("there is no broker %d", n)
			}
		}
	case *kmsg.MetadataResponse:
		for i := range a.Brokers {
			if n := a.Brokers[i].NodeID; n < 1 || int(n) > brokers {
				return fmt.Sprintf("there is no broker %d", n)
			}
		}
	default:
		// Of the others, form and codes are judged.
	}
	return ""
}

func count(what string, asked, answered int) string {
	if asked == answered {
		return ""
	}
	return fmt.Sprintf("%d %s were asked for, %d were answered", asked, what, answered)
}

func describedConfigs(q *kmsg.DescribeConfigsRequest, a *kmsg.DescribeConfigsResponse) string {
	for i := range a.Resources {
		r := &a.Resources[i]
		if r.ErrorCode != 0 && len(r.Configs) > 0 {
			return "settings beside an error"
		}
		for j := range r.Configs {
			c := &r.Configs[j]
			if c.IsSensitive && c.Value != nil {
				return "a secret is told: " + c.Name
			}
			if !q.IncludeSynonyms && len(c.ConfigSynonyms) > 0 {
				return "synonyms that nobody asked for"
			}
		}
	}
	return count("resources", len(q.Resources), len(a.Resources))
}

func listed(q *kmsg.ListOffsetsRequest, a *kmsg.ListOffsetsResponse) string {
	for i := range a.Topics {
		for j := range a.Topics[i].Partitions {
			p := &a.Topics[i].Partitions[j]
			if p.ErrorCode != 0 && p.Offset >= 0 {
				return "an offset beside an error"
			}
			if p.Offset < -1 {
				return fmt.Sprintf("offset %d", p.Offset)
			}
		}
	}
	return count("topics", len(q.Topics), len(a.Topics))
}

func logDirs(a *kmsg.DescribeLogDirsResponse) string {
	for i := range a.Dirs {
		for j := range a.Dirs[i].Topics {
			t := &a.Dirs[i].Topics[j]
			for k := range t.Partitions {
				if p := &t.Partitions[k]; p.Size < 0 || p.Size > mostBytes || p.OffsetLag < 0 {
					return fmt.Sprintf("%s/%d has %d bytes and lags by %d", t.Topic, p.Partition, p.Size, p.OffsetLag)
				}
			}
		}
	}
	return ""
}
