// Command bench measures the kit beside its peers, all doing the same work: the
// token's signature, issuer, audience and expiry, and one scope.
//
//	go run -C internal/bench .           # the whole table, in some minutes
//	go run -C internal/bench . -rounds 3 # sooner, and rougher
//
// Only ratios are told as results. All that is compared runs interleaved, in
// random order, for many short rounds; a ratio is the median of the rounds'
// ratios, and times are of the processor, so that what else the machine does
// weighs on all alike. The failure scenarios run against the kit and against
// keyfunc as it comes, side by side. The kit's clock is moved by hand where
// minutes matter; keyfunc has none to move, and is given a bounded time.
package main
