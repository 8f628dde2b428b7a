package main
import ("testing";"context";"crypto/sha256";"github.com/mcpbearer/mcpbearer/core")
func BenchmarkHit(b *testing.B){
 a,_ := newAuthority(); defer a.close()
 rs,err := resourceServer(context.Background(), a); if err!=nil {b.Fatal(err)}
 kit,_ := withKit(rs)
 tok := a.token()
 v,_ := newVisit(context.Background(), kit[0].handler, tok); v.send()
 b.Run("hit", func(b *testing.B){ for b.Loop(){ v.send() } })
 h := []byte(tok)
 b.Run("sha", func(b *testing.B){ for b.Loop(){ sha256.Sum256(h) } })
}
func BenchmarkNew(b *testing.B){
 a,_ := newAuthority(); defer a.close()
 rs,err := resourceServer(context.Background(), a); if err!=nil {b.Fatal(err)}
 kit,_ := withKit(rs)
 v,_ := newVisit(context.Background(), kit[0].handler, "")
 var toks [][]string
 for range 500 { toks = append(toks, []string{"Bearer "+a.token()}) }
 raw,_ := rawVerification(a, toks[0][0][7:])
 b.Run("raw", func(b *testing.B){ b.ReportAllocs(); for b.Loop(){ raw() } })
 b.Run("new", func(b *testing.B){ b.ReportAllocs(); i:=0; for b.Loop(){ if i%500==0 { rs.Forget(func(core.Principal) bool {return true}) }; v.bearer=toks[i%500]; i++; v.send() } })
}
