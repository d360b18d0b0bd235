package main
import ("testing";"fmt";"context";"os";"strings";"strconv";"math";"slices"
"govern/fit")
type mon struct{}
func (mon) Row(r fit.Row){ if strings.HasPrefix(r.Stage,"smooth") {fmt.Printf("%s %d ev %.2f rough %.3g\n", r.Stage,r.Iteration,r.Objective,r.Omega)}}
func (mon) Stage(string,float64){}
func (mon) Warn(string){}
func TestDbg(t *testing.T){
 seed,_:=strconv.ParseUint(os.Getenv("SEED"),10,64)
 for _,b:=range boards(){ if b.name!=os.Getenv("BOARD"){continue}
 for _,c:=range b.cases { if c.name!=os.Getenv("CASE"){continue}
  sim,_:=c.simulation(seed); entries,states,_:=sim.Observed()
  p,err:=c.problem(t.TempDir(),seed,entries); if err!=nil{t.Fatal(err)}
  opened,err:=p.Open(); if err!=nil{t.Fatal(err)}
  train:=slices.DeleteFunc(opened,func(e fit.Entry)bool{return e.Test})
  d,err:=fit.Prepare(p.Model,train); if err!=nil{t.Fatal(err)}
  for _,ch:=range d.Channels {fmt.Printf("%s std %.4g sigma0 %.4g slow %.4g\n",ch.Column,ch.Std,ch.Sigma0,ch.Slow)}
  fmt.Println("t_c",d.Time,"rate",d.SamplesPerCycle())
  e:=&fit.Engine{Data:d,Workers:1,Monitor:mon{}}
  sm,err:=e.Smooth(context.Background()); if err!=nil{t.Fatal(err)}
  fmt.Println("sigma",sm.Sigma,"scale",sm.Scale,"rough",sm.Rough)
  for s:=range p.Model.States { sum,sq,mean:=0.0,0.0,0.0
   ex:=interpolate(entries[0].Times,states[0][s],train[0].Times)
   for _,v:=range ex{mean+=v/float64(len(ex))}
   for i,v:=range ex {sum+=(sm.States[0][s][i]-v)*(sm.States[0][s][i]-v); sq+=(v-mean)*(v-mean)}
   fmt.Printf("%s error/std %.3g\n",p.Model.States[s].Name,math.Sqrt(sum/sq))
  }
 }}
}
