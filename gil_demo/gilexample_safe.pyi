from gil_demo.gilexample import sum as sum
