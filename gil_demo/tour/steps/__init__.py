"""The steps of the lesson, one module each; `gil_demo.tour.lesson` has their order."""
